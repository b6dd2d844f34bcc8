// Live databases of a previous bot: one database for each, with tables of one of the three shapes in schema
// public. Needs the server that NUDGE_TEST_POSTGRES names.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

const A = `
create table users (
    telegram_user_id bigint primary key, id uuid unique default gen_random_uuid(), accepted_at timestamptz,
    created_at timestamptz default now(), email text, first_name text default 'User', last_name text, username text,
    timezone text, total_commitments int default 0, completed_commitments int default 0, last_activity_at timestamptz,
    is_active boolean default true, notification_preferences jsonb, is_bot boolean);
create table commitments (
    id serial primary key, user_id uuid, telegram_user_id bigint not null, commitment text not null,
    original_commitment text, smart_score int, status text default 'active', created_at timestamptz default now(),
    completed_at timestamptz, is_first_commitment boolean);
create table communication_preferences (user_id uuid, communication_style text, pause_until timestamptz, is_active boolean);
create table user_email_preferences (
    user_id uuid, unsubscribed boolean, unsubscribed_at timestamptz, email_enabled boolean, opt_in_sequences boolean);
create table nurture_user_preferences (user_id text, enabled boolean, opted_out_at timestamptz);
create table user_sequence_state (telegram_user_id bigint, sequence_type text, stopped_at timestamptz);
create table pod_memberships (user_id uuid, pod_id uuid);`;

const B = `
create table users (
    id uuid primary key default gen_random_uuid(), telegram_user_id bigint not null unique, email text unique,
    first_name text, username text, created_at timestamptz default now(), timezone text, is_active boolean default true,
    total_commitments int default 0, completed_commitments int default 0, notification_preferences jsonb,
    check (completed_commitments <= total_commitments));
create table commitments (
    id uuid primary key default gen_random_uuid(), user_id uuid references users, commitment text not null,
    status text default 'active' check (status in ('active', 'completed', 'failed', 'paused')), due_date date,
    estimated_time_minutes int, created_at timestamptz default now(), updated_at timestamptz, completed_at timestamptz);`;

const C = `
create table users (
    id uuid primary key default gen_random_uuid(), telegram_id bigint not null, joined_at timestamptz default now(),
    last_seen timestamptz, first_name text, username text);
create table commitments (
    id uuid primary key default gen_random_uuid(), user_id uuid, telegram_id bigint not null, text text not null,
    status text default 'pending', due_date timestamptz, created_at timestamptz default now(), completed_at timestamptz);`;

const SHAPES = { A, B, C };
let databases = 0;

function psql(url, sql) {
    return new Promise((resolve, reject) =>
        execFile('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', sql, url], (error, stdout, stderr) =>
            error ? reject(new Error(stderr)) : resolve(stdout.trim()),
        ),
    );
}

const quoted = (value) =>
    value === null || value === undefined
        ? 'null'
        : typeof value === 'number' || typeof value === 'boolean'
          ? String(value)
          : `'${(typeof value === 'object' ? JSON.stringify(value) : value).replaceAll("'", "''")}'`;

export class LiveDatabase {
    /** An empty database; with a shape, its tables. */
    static async make(shape) {
        const server = process.env.NUDGE_TEST_POSTGRES;
        const live = new LiveDatabase();
        live.server = server;
        live.name = `live_${process.pid}_${++databases}`;
        live.url = server.replace('/postgres?', `/${live.name}?`);
        await psql(server, `create database ${live.name}`);
        if (shape) {
            await live.run(SHAPES[shape]);
        }
        return live;
    }

    run(sql) {
        return psql(this.url, sql);
    }

    /** The tables and rows of a file of tests/data/live. */
    load(name) {
        return this.run(readFileSync(new URL(`../data/live/${name}.sql`, import.meta.url), 'utf8'));
    }

    /** One row, by the names of its columns; gives its id, if the table has such. */
    insert(table, row, returning) {
        const names = Object.keys(row);
        const values = names.map((name) => quoted(row[name]));
        return this.run(
            `insert into ${table} (${names.join(', ')}) values (${values.join(', ')})` +
                (returning ? ` returning ${returning}` : ''),
        );
    }

    async remove() {
        await psql(this.server, `drop database ${this.name} with (force)`);
    }
}
