# SPDX-License-Identifier: GPL-3.0-or-later
"""sqlite3, in the middle of its work on a database in memory, and on one in a file."""

import pytest

WORK = """
create table t(a integer, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000)
    insert into t select abs((i * 7919) % 4001), hex(i * i) from n;
create index t_a on t(a, b);
select count(*), sum(abs(a)), max(b) from t where a between 100 and 3000;
select group_concat(b) from (select b from t order by b desc limit 50);
pragma integrity_check;
"""


@pytest.mark.slow
@pytest.mark.parametrize("where, calls", [("filling", 1500), ("querying", 5000)])
def test_sqlite_keeps_its_database(real, where, calls):
    # GIVEN the result of an undisturbed run, and one stopped in the middle
    real.undisturbed("/usr/bin/sqlite3", "-batch", ":memory:", WORK)
    real.begin(
        "sqlite3_result_int64", calls, "-batch", ":memory:", WORK.replace("\n", " ")
    )

    # WHEN it is rewound three times
    real.rewind_thrice(lambda: real.gdb.go(until="sqlite3_result_int64", hits=300))

    # THEN it ends with the same result
    real.ends_as_undisturbed()


# With less of a cache than it needs, the transaction is in the log before it is over.
FILE = """
pragma journal_mode = wal;
pragma cache_size = 20;
create table t(a integer, b text);
insert into t values(0, 'committed before');
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000)
    insert into t select abs((i * 7919) % 4001), hex(i * i) from n;
update t set b = b || ' and later' where abs(a) = 0;
commit;
select printf('%d rows, %s', count(*), max(b)) from t;
pragma integrity_check;
"""


@pytest.fixture
def transaction(real, folder):
    """A program in the middle of a transaction on a file, whose log is in WAL mode."""
    words = ["-batch", "data.db", FILE.replace("\n", " ")]
    real.undisturbed("/usr/bin/sqlite3", *words)
    folder.joinpath("data.db").unlink()
    real.begin("sqlite3_result_int64", 2000, *words)
    assert {path.name for path in folder.glob("data.db-*")} == {
        "data.db-wal",
        "data.db-shm",
    }
    return real


@pytest.mark.slow
def test_sqlite_ends_a_transaction_on_a_file(transaction):
    # WHEN it is rewound three times within the transaction: memory is, the file is not
    transaction.rewind_thrice(
        lambda: transaction.gdb.go(until="sqlite3_result_int64", hits=600)
    )

    # THEN it ends with the same result, and with a database that is whole
    transaction.ends_as_undisturbed()


@pytest.mark.slow
def test_sqlite_commits_again_what_it_had_committed(transaction):
    # WHEN it is rewound three times from behind the commit
    transaction.rewind_thrice(lambda: transaction.gdb.go(until="sqlite3_str_vappendf"))

    # THEN it ends with the same result, and with a database that is whole
    transaction.ends_as_undisturbed()
