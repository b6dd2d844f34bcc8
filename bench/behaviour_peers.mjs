// The four questions of behaviour_bench.c asked of chDB (ClickHouse in the process; MergeTree by person
// and instant) and DuckDB (a table sorted likewise), with two threads or as many as there are cores.
// usage: node bench/behaviour_peers.mjs HISTORY.csv [RUNS]      the history: behaviour_bench --csv
// Each question stands in the ways that are fast there; the fastest is printed. A peer that is not
// installed is named and left out.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

import { whyNoPackages } from './lib/peer.mjs';

const [csv, runs = '5'] = process.argv.slice(2);
if (!csv) {
    console.error('usage: node bench/behaviour_peers.mjs HISTORY.csv [RUNS]');
    process.exit(2);
}
const why = await whyNoPackages();
if (why) {
    console.log(`chDB and DuckDB are left out: ${why}`);
    process.exit(0);
}
const BEGIN = 1767225600;
const WEEK = 604800;
const threads = os.cpus().length;

const CHDB = {
    'funnel of 4 steps in 24 h': ['', ' settings optimize_aggregation_in_order=1'].map((how) => [
        'select countIf(l>=1),countIf(l>=2),countIf(l>=3),countIf(l>=4) from (select u,windowFunnel(86400)(t,y=1,y=2,y=3,y=4) l'
        + ` from ev where y<=4 group by u)${how}`]),
    'weekly retention': ['', ' settings optimize_aggregation_in_order=1'].map((how) => [
        `select c,arrayJoin(bitPositionsToArray(m))-c w,count() n from (select u,intDiv(min(t)-${BEGIN},${WEEK}) c,`
        + `groupBitOr(toUInt32(bitShiftLeft(1::UInt32,intDiv(t-${BEGIN},${WEEK})))) m from ev group by u) group by c,w order by c,w${how}`]),
    'daily active + power share': [
        `select intDiv(t-${BEGIN},86400) d,uniqExact(u) n from ev group by d order by d`,
        `select d,count() n from (select u,intDiv(t-${BEGIN},86400) d from ev group by u,d settings optimize_aggregation_in_order=1) group by d order by d`,
    ].map((daily) => [daily,
        'select arraySum(arraySlice(arrayReverseSort(groupArray(n)) as a,1,toUInt64(floor(length(a)*0.167)))),arraySum(a)'
        + ' from (select toUInt32(count()) n from ev group by u)']),
    'time to the next event': [[
        'select count(),countIf(x>0),quantileExactInclusiveIf(0.5)(x-t,x>0),avgIf(x-t,x>0),countIf(x>0 and x-t<=86400) from'
        + ' (select y,t,minIf(t,y=6) over (partition by u order by t rows between current row and unbounded following) x'
        + ' from ev where y in (5,6)) where y=5'], [
        'select count(),countIf(d>0),quantileExactInclusiveIf(0.5)(d,d>0),avgIf(d,d>0),countIf(d>0 and d<=86400) from'
        + ' (select arrayJoin(arrayMap((a,b)->if(b=0,0,b-a),arrayFilter((a,z)->z=5,ts,ys),arrayFilter((a,z)->z=5,nx,ys))) d from'
        + ' (select ts,ys,arrayReverse(arrayFill(q->q!=0,arrayReverse(arrayMap((a,z)->if(z=6,a,0),ts,ys)))) nx from'
        + ' (select arraySort(groupArray((t,y))) p,p.1 ts,p.2 ys from ev where y in (5,6) group by u)))']],
};

const step = (name, from, type, last) => `${name} as (select *,max(case when y=${type} and ${last}>=t-86400 then ${last} end) over w s${type}`
    + ` from ${from} window w as (partition by u order by t rows unbounded preceding))`;
const DUCKDB = {
    'funnel of 4 steps in 24 h': [[
        'with a as (select u,t,y,max(case when y=1 then t end) over (partition by u order by t rows unbounded preceding) s1 from ev where y<=4),'
        + `${step('b', 'a', 2, 's1')},${step('c', 'b', 3, 's2')},`
        + 'd as (select u,max(case when y=4 and s3>=t-86400 then 4 when s3 is not null then 3 when s2 is not null then 2'
        + ' when s1 is not null then 1 else 0 end) l from c group by u)'
        + ' select count(*) filter (l>=1),count(*) filter (l>=2),count(*) filter (l>=3),count(*) filter (l>=4) from d']],
    'weekly retention': [[
        `with p as (select u,(min(t)-${BEGIN})//${WEEK} c,bit_or(1::INTEGER<<((t-${BEGIN})//${WEEK})::INTEGER) m from ev group by u)`
        + ' select c,w,count(*) n from p, range(0,13) r(w) where (m>>(c+w)::INTEGER)&1=1 group by c,w order by c,w']],
    'daily active + power share': [
        `select (t-${BEGIN})//86400 d,count(distinct u) n from ev group by 1 order by 1`,
        `select d,count(*) n from (select distinct u,(t-${BEGIN})//86400 d from ev) group by 1 order by 1`,
    ].map((daily) => [daily,
        'with c as (select count(*) n from ev group by u), r as (select n,row_number() over (order by n desc) k,count(*) over () m from c)'
        + ' select sum(n) filter (k<=floor(m*0.167)),sum(n) from r']),
    'time to the next event': [[
        'with e as (select u,t,y from ev where y in (5,6)), n as (select y,t,min(case when y=6 then t end) over'
        + ' (partition by u order by t rows between current row and unbounded following) x from e)'
        + ' select count(*),count(x),median(x-t),avg(x-t),count(*) filter (x-t<=86400) from n where y=5'], [
        'select count(*),count(e.t),median(e.t-s.t),avg(e.t-s.t),count(*) filter (e.t-s.t<=86400) from'
        + ' (select u,t from ev where y=5) s asof left join (select u,t from ev where y=6) e on s.u=e.u and s.t<e.t']],
};

const cpuMs = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
};
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Long answers by their sum and the first row. */
function said(rows) {
    if (rows.length <= 4) {
        return rows.map((row) => row.join(' ')).join('; ');
    }
    return `${rows.length} rows, first ${rows[0].join(' ')}, all ${rows.reduce((sum, row) => sum + Number(row.at(-1)), 0)}`;
}

async function askAll(name, questions, ask) {
    console.log(name);
    let sum = 0;
    for (const [question, ways] of Object.entries(questions)) {
        let best;
        for (const statements of ways) {
            const took = [];
            const cpu = [];
            let answers;
            for (let run = 0; run < Number(runs); run++) {
                const begin = performance.now();
                const cpuBegin = cpuMs();
                answers = [];
                for (const statement of statements) {
                    answers.push(said(await ask(statement)));
                }
                took.push(performance.now() - begin);
                cpu.push(cpuMs() - cpuBegin);
            }
            if (!best || median(took) < median(best.took)) {
                best = { took, cpu, answers };
            }
        }
        sum += median(best.took);
        console.log(`${question.padEnd(34)} ${median(best.took).toFixed(1).padStart(8)} ms (${Math.min(...best.took).toFixed(1)} .. `
            + `${Math.max(...best.took).toFixed(1)}), CPU ${median(best.cpu).toFixed(1)} ms  ${best.answers.join(' | ')}`);
    }
    console.log(`${'all four'.padEnd(34)} ${sum.toFixed(1).padStart(8)} ms`);
}

async function withPeer(name, work) {
    const folder = mkdtempSync(join(os.tmpdir(), 'nudge-bench-'));
    try {
        await work(folder);
    } catch (error) {
        console.log(`${name} is left out: ${error.message.split('\n')[0]}`);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

await withPeer('chDB', async (folder) => {
    const { Session } = (await import('chdb')).default;
    const session = new Session(folder);
    const run = (sql) => session.query(sql, 'CSV');
    try {
        run('create database b engine=Atomic');
        run('use b');
        run(`set max_threads=${threads}`);
        run('create table ev (u UInt32,t UInt32,y UInt8) engine=MergeTree order by (u,t)');
        run(`insert into ev select * from file('${csv}','CSV','u UInt32,t UInt32,y UInt8')`);
        run('optimize table ev final');
        const rows = (sql) => run(sql).trim().split('\n').map((line) => line.split(','));
        await askAll(`chDB ${rows('select version()')[0][0]}, ${threads} threads`, CHDB, async (sql) => rows(sql));
    } finally {
        session.close?.();
    }
});

await withPeer('DuckDB', async () => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
    const connection = await instance.connect();
    await connection.run("create table ev as select u,t,y from read_csv($1,header=false,columns={'u':'INTEGER','t':'INTEGER','y':'UTINYINT'}) order by u,t".replace('$1', `'${csv}'`));
    const rows = async (sql) => (await (await connection.run(sql)).getRows()).map((row) => row.map(String));
    await askAll(`DuckDB ${(await rows('select version()'))[0][0]}, ${threads} threads`, DUCKDB, rows);
});
