# SPDX-License-Identifier: GPL-3.0-or-later
"""node, with worker threads in loops that its compiler has made machine code of."""

import pytest

WORK = """
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
if (isMainThread) {
    const results = [];
    for (let n = 0; n < 2; n++)
        new Worker(__filename, { workerData: n }).on('message', (text) => {
            results[n] = text;
            if (results[0] && results[1])
                console.log(results.join(' '));
        });
} else {
    const key = Buffer.alloc(32, 7 + workerData), iv = Buffer.alloc(12, 3);
    const cipher = crypto.createCipheriv('aes-256-gcm', key, iv);
    const block = Buffer.alloc(4096);
    let x = 1 + workerData;
    for (let round = 0; round < 60; round++) {
        for (let i = 0; i < 200000; i++)
            x = (Math.imul(x, 1103515245) + 12345) >>> 0;
        block.writeUInt32LE(x, round);
        cipher.update(block).copy(block);
    }
    cipher.final();
    parentPort.postMessage(x + ':' + cipher.getAuthTag().toString('hex'));
}
"""


@pytest.mark.slow
def test_node_runs_compiled_loops_in_worker_threads(real, folder):
    # GIVEN two workers in the middle of their loops
    folder.joinpath("work.js").write_text(WORK)
    real.undisturbed("/usr/bin/node", "work.js")
    real.begin("EVP_CipherUpdate", 20, "work.js")

    # WHEN the program is rewound three times
    real.rewind_thrice(lambda: real.gdb.go(until="EVP_CipherUpdate", hits=10))

    # THEN it ends with the same result
    real.ends_as_undisturbed()
