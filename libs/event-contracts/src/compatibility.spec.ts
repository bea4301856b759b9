import { readdir, readFile } from 'node:fs/promises';
import { EVENTS, isEventType } from './index.js';

/** Events as released versions published them, a file per version. Files are added at a release and never edited. */
const released = new URL('../released/', import.meta.url);
const versions = await readdir(released);

describe.each(versions)('events published by %s', (version) => {
  it('are still read: no type is gone, no field is newly required or narrower', async () => {
    const events = JSON.parse(await readFile(new URL(version, released), 'utf8')) as Record<
      string,
      Record<string, unknown>
    >;
    expect(Object.keys(events).length).toBeGreaterThan(0);
    for (const [type, fixtures] of Object.entries(events)) {
      if (!isEventType(type)) throw new Error(`${type} was published once and is not known any more`);
      for (const data of Object.values(fixtures))
        expect(EVENTS[type].data.safeParse(data)).toMatchObject({ success: true });
    }
  });
});
