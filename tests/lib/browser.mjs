// Debian's Chromium, driven by playwright-core. Nothing leaves the machine.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PATHS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];

export async function launch() {
    const executablePath = PATHS.find((path) => path && existsSync(path));
    if (!executablePath) {
        throw new Error('Chromium is not installed: apt-get install chromium');
    }
    return chromium.launch({
        executablePath,
        args: [
            '--headless',
            ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
        ],
    });
}
