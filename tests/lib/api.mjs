// The JSON API of a server under test: asking it, and whether an answer is what the OpenAPI document says.
import assert from 'node:assert/strict';
import Ajv2020 from 'ajv/dist/2020.js';

/** Whether the path is one of "/api/people/{person}". */
function matches(template, path) {
    const [parts, words] = [template.split('/'), path.split('/')];
    return parts.length === words.length && parts.every((part, i) => part.startsWith('{') || part === words[i]);
}

export class Api {
    constructor(home, key) {
        this.home = home;
        this.key = key;
    }

    /** { status, json }; with a body it is posted. */
    async ask(path, body, key = this.key) {
        const answer = await fetch(this.home.url + path, {
            method: body === undefined ? 'GET' : 'POST',
            headers: { 'X-Admin-Key': key, 'Content-Type': 'application/json' },
            body: body && JSON.stringify(body),
        });
        return { status: answer.status, json: await answer.json() };
    }

    /** The answer of an operation that must succeed and fit its schema. */
    async told(path, body, key) {
        const { status, json } = await this.ask(path, body, key);
        assert.equal(status, 200, JSON.stringify(json));
        const { paths } = await this.openapi();
        const plain = path.split('?')[0];
        const template = plain in paths ? plain : Object.keys(paths).find((one) => matches(one, plain));
        const { responses } = paths[template][body === undefined ? 'get' : 'post'];
        await this.fits(responses['200'].content['application/json'].schema.$ref.split('/').at(-1), json);
        return json;
    }

    async fits(schema, json) {
        const { components } = await this.openapi();
        const ajv = new Ajv2020({ strict: false, validateFormats: false });
        ajv.addSchema({ $id: 'api', components });
        const fits = ajv.compile({ $ref: `api#/components/schemas/${schema}` });
        assert.ok(fits(json), `${schema}: ${JSON.stringify(fits.errors)}`);
    }

    async openapi() {
        this.document ??= (await this.ask('/api/openapi.json')).json;
        return this.document;
    }
}
