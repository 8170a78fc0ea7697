"""sqlite3, in the middle of filling and of querying a database in memory."""

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
