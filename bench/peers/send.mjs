// What each job of a queue does: one sendMessage to API_URL, or nothing with SINK=empty.
import http from 'node:http';

const { API_URL, BOT_TOKEN, SINK } = process.env;
export const CONCURRENT = 50;
const agent = new http.Agent({ keepAlive: true, maxSockets: CONCURRENT });

function post(chat_id) {
    const body = JSON.stringify({ chat_id, text: 'Reminder: your commitment is due today' });
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
        const url = `${API_URL}/bot${BOT_TOKEN}/sendMessage`;
        const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
            response.resume();
            response.on('end', () =>
                response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)));
        });
        request.on('error', reject);
        request.end(body);
    });
}

export const send = SINK === 'empty' ? async () => {} : post;
