import { Teardown } from './index.js';

it('undoes in reverse order, once', async () => {
  const done: string[] = [];
  const teardown = new Teardown();
  teardown.add(async () => void done.push('first'));
  teardown.add(async () => void done.push('second'));
  await Promise.all([teardown.run(), teardown.run()]);
  expect(done).toEqual(['second', 'first']);
});

it('goes on after a step that fails, and fails with it', async () => {
  const done: string[] = [];
  const teardown = new Teardown();
  teardown.add(async () => void done.push('first'));
  teardown.add(() => Promise.reject(new Error('stuck')));
  await expect(teardown.run()).rejects.toThrow('stuck');
  expect(done).toEqual(['first']);
});
