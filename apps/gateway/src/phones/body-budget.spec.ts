import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { BodyBudget, FREE_BYTES } from './body-budget.js';
import { readBody, type Body } from './read-body.js';

const LARGE = FREE_BYTES + 1_000;

/** A request of which only the body matters. */
function requestWith(): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers: {} }) as unknown as PassThrough & IncomingMessage;
}

describe('bodies that are not answered yet', () => {
  it('take no more memory than their budget, and give it back', async () => {
    const budget = new BodyBudget(2_500);
    const shares = [0, 1, 2].map(() => budget.open());
    const requests = shares.map(() => requestWith());
    const bodies = requests.map((request, at) => readBody(request, 1_000_000, shares[at]!));
    for (const request of requests) request.write(Buffer.alloc(LARGE));
    expect(await bodies[2]).toEqual({ ok: false, code: 'too-many-bodies' });
    expect(budget.usedBytes).toBe(2_000);
    requests[0]?.end();
    expect(await bodies[0]).toMatchObject({ ok: true });
    expect(budget.usedBytes).toBe(2_000); // until it is answered
    for (const share of shares) share.close();
    shares[0]?.close();
    expect(budget.usedBytes).toBe(0);
    requests[1]?.destroy();
    expect(await bodies[1]).toEqual({ ok: false, code: 'aborted' });
  });

  it('are always taken when they are small', async () => {
    const budget = new BodyBudget(0);
    const request = requestWith();
    const body: Promise<Body> = readBody(request, 1_000_000, budget.open());
    request.end(Buffer.alloc(FREE_BYTES));
    expect(await body).toMatchObject({ ok: true });
  });
});
