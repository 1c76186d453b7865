-- Over pgbench's tables, 400000 accounts: a join with hashes, a sort, window functions, text, a recursion.
SELECT bid, count(*), sum(a.abalance), min(aid), max(aid), b.bbalance
FROM pgbench_accounts a JOIN pgbench_branches b USING (bid)
GROUP BY bid, b.bbalance ORDER BY bid;

SELECT sum(h.delta), count(DISTINCT h.aid), sum(t.tbalance)
FROM pgbench_history h JOIN pgbench_tellers t USING (tid);

SELECT sum(rank * aid % 1000003)
FROM (SELECT aid, row_number() OVER (PARTITION BY bid ORDER BY md5(aid::text)) AS rank
      FROM pgbench_accounts WHERE aid % 4 = 0) AS ranked;

SELECT count(*), sum(length(regexp_replace(md5(aid::text), '[0-9]+', '-', 'g')))
FROM pgbench_accounts WHERE aid % 16 = 0 AND md5(aid::text) ~ '^[a-f].*[0-9]{3}';

WITH RECURSIVE step (n, x) AS (
  SELECT 1, 12345::bigint
  UNION ALL
  SELECT n + 1, (x * 1103515245 + 12345) % 2147483648 FROM step WHERE n < 100000
)
SELECT sum(x), count(DISTINCT x % 1000) FROM step;
