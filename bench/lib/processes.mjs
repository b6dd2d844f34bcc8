// Starting, pinning and measuring processes. CPU seconds and memory come from /proc, so they are the
// system's own count and cost the measured process nothing.
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';

const TICKS_PER_S = 100; // of /proc/PID/stat, on every Linux of today
const running = new Set();

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The core that is measured, and the one for the load and the fake providers. */
export const CORES = { measured: 0, load: os.cpus().length > 1 ? 1 : 0 };

/** Runs `work` with every program on any core. */
export async function unpinned(work) {
    const pinned = { ...CORES };
    CORES.measured = CORES.load = undefined;
    try {
        return await work();
    } finally {
        Object.assign(CORES, pinned);
    }
}

/** Starts a program on a core. The child ends with this program. `log`: file descriptor for its output. */
export function start(command, args, { core, env, log = 'ignore', stdin = 'ignore', uid, cwd } = {}) {
    const pinned = core === undefined ? [command, ...args] : ['taskset', '-c', String(core), command, ...args];
    const child = spawn(pinned[0], pinned.slice(1), {
        stdio: [stdin, log === 'pipe' ? 'pipe' : log, log === 'pipe' ? 'inherit' : log],
        env: { ...process.env, ...env },
        ...uid,
        cwd,
    });
    running.add(child);
    child.ended = new Promise((resolve) =>
        child.once('exit', (code, signal) => {
            running.delete(child);
            resolve(code ?? signal);
        }));
    child.once('error', (error) => {
        running.delete(child);
        child.failure = error;
    });
    return child;
}

export async function stop(child, signal = 'SIGTERM') {
    if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
    }
    return child.ended;
}

export function stopAll() {
    for (const child of running) {
        child.kill('SIGKILL');
    }
}

/** Runs a program to its end; its standard output. */
export function output(command, args, { core, env, input, uid } = {}) {
    const pinned = core === undefined ? [command, ...args] : ['taskset', '-c', String(core), command, ...args];
    return new Promise((resolve, reject) => {
        const child = spawn(pinned[0], pinned.slice(1), { env: { ...process.env, ...env }, ...uid });
        running.add(child);
        let out = '';
        let err = '';
        child.stdout.on('data', (bytes) => (out += bytes));
        child.stderr.on('data', (bytes) => (err += bytes));
        child.on('error', reject);
        child.on('close', (code) => {
            running.delete(child);
            if (code === 0) {
                resolve(out);
            } else {
                reject(new Error(`${command} ${args[0] ?? ''} ended with ${code}: ${(err || out).trim().slice(-800)}`));
            }
        });
        child.stdin.end(input);
    });
}

export function available(command) {
    try {
        execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
        return true;
    } catch {
        return false;
    }
}

/** A port nobody listens on at the moment. */
export function freePort() {
    return new Promise((resolve, reject) => {
        const server = net.createServer();
        server.on('error', reject);
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

/** Milliseconds from now until `probe()` is true; asked again at once, at most every 2 ms. */
export async function until(probe, child, deadline_ms = 60_000) {
    const began = performance.now();
    for (;;) {
        if (child?.failure) {
            throw child.failure;
        }
        if (child && (child.exitCode !== null || child.signalCode !== null)) {
            throw new Error(`the program ended with ${child.exitCode ?? child.signalCode} before it was ready`);
        }
        if (await probe()) {
            return performance.now() - began;
        }
        if (performance.now() - began > deadline_ms) {
            throw new Error(`not ready within ${deadline_ms} ms`);
        }
        await pause(2);
    }
}

export function accepts(port) {
    return new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => {
            socket.destroy();
            resolve(true);
        });
        socket.on('error', () => resolve(false));
    });
}

function stat(pid) {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
        parent: Number(fields[1]),
        own_s: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S,
        children_s: (Number(fields[13]) + Number(fields[14])) / TICKS_PER_S,
    };
}

export function cpuSeconds(pid) {
    return stat(pid).own_s;
}

/** CPU of a process, its living children, and those it has outlived. */
export function familyCpuSeconds(pid) {
    const { own_s, children_s } = stat(pid);
    let sum_s = own_s + children_s;
    for (const name of readdirSync('/proc')) {
        if (/^\d+$/.test(name)) {
            try {
                const child = stat(name);
                sum_s += child.parent === pid ? child.own_s : 0;
            } catch {
                // it has ended meanwhile
            }
        }
    }
    return sum_s;
}

/** Resident megabytes: now, and at most so far. */
export function memory(pid) {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1024;
    return { now_mb: field('VmRSS'), most_mb: field('VmHWM') };
}

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What this was measured on. */
export function machine() {
    const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
    const model = /model name\s*:\s*(.*)/.exec(read('/proc/cpuinfo'))?.[1] ?? 'unknown processor';
    const system = /PRETTY_NAME="(.*)"/.exec(read('/etc/os-release'))?.[1] ?? os.type();
    return {
        cpu: model,
        cores: os.cpus().length,
        memory_gb: Math.round(os.totalmem() / 2 ** 30),
        kernel: os.release(),
        system,
        node: process.version,
        load_before: os.loadavg()[0],
    };
}
