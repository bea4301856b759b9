import {
  ACTIONS,
  findAction,
  findItemStatus,
  findReason,
  findReplyStatus,
  ITEM_STATUSES,
  REASONS,
  REPLY_STATUSES,
} from './protocol-names.js';

const lists = [
  ['reason', REASONS, findReason],
  ['action', ACTIONS, findAction],
  ['reply status', REPLY_STATUSES, findReplyStatus],
  ['item status', ITEM_STATUSES, findItemStatus],
] as const;

describe.each(lists)('%s', (_, names, find) => {
  it.each([...names])('finds %s as written and in any case', (name) => {
    expect(find(name)).toBe(name);
    expect(find(name.toUpperCase())).toBe(name);
    expect(find(` ${name}\n`)).toBe(name);
  });

  it.each(['', 'x', 'constructor', '__proto__', `${names[0]}s`])('finds nothing for %j', (text) => {
    expect(find(text)).toBeUndefined();
  });
});

it('takes a hyphen in an item status as a blank', () => {
  expect(findItemStatus('read-only')).toBe('read only');
  expect(findItemStatus('Unknown-Item')).toBe('unknown item');
});
