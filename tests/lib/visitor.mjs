// Somebody in the web chat, by the interface that its page uses.
//
//   const web = await Visitor.open(scene); // a scene with WEBCHAT_ENABLED
//   await web.send('/start');
//   await web.press(/Done/);
import assert from 'node:assert/strict';

export class Visitor {
    #next = 1;

    static async open(scene) {
        const visitor = new Visitor();
        visitor.scene = scene;
        const answer = await fetch(`${scene.home.url}/chat/session`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: '{"frame": true}',
        });
        visitor.session = (await answer.json()).session;
        return visitor;
    }

    async call(path, body) {
        const answer = await fetch(this.scene.home.url + path, {
            method: body ? 'POST' : 'GET',
            headers: { 'X-Chat-Session': this.session, 'Content-Type': 'application/json' },
            body: body && JSON.stringify({ id: `m${this.#next++}`, ...body }),
        });
        assert.equal(answer.status, 200);
        return answer.json();
    }

    async send(text) {
        await this.call('/chat/messages', { text });
        await this.scene.settled();
    }

    async history() {
        return (await this.call('/chat/messages')).messages;
    }

    /** What the bot said last. */
    async heard() {
        return (await this.history()).findLast((message) => !message.mine).html;
    }

    /** Presses a button of the newest message that has it. */
    async press(label) {
        const messages = (await this.history()).reverse();
        for (const message of messages) {
            const button = (message.buttons ?? []).find(({ text }) => label.test(text));
            if (button) {
                await this.call('/chat/messages', { token: button.token, text: button.text, message_id: message.id });
                return this.scene.settled();
            }
        }
        throw new Error(`no button ${label}`);
    }

    async url() {
        return (await this.call('/chat/link')).url;
    }

    /** What Telegram sends to the bot when the link is opened. */
    async start() {
        return `/start ${new URL(await this.url()).searchParams.get('start')}`;
    }

    /** Somebody in Telegram opens the link of this page, and says that it is theirs. */
    async connect(person) {
        await person.send(await this.start());
        const question = await person.receive(/Was that you\?/);
        await question.tap('Yes, connect');
        await question.edited(/Here we are/);
        await this.scene.settled();
    }
}
