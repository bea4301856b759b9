import { CryptoError, PasswordHasher } from './index.js';

const cheap = { logN: 4, r: 8, p: 1 };

describe('PasswordHasher', () => {
  it('knows the password again, and no other', async () => {
    const hasher = new PasswordHasher(cheap);
    const stored = await hasher.hash('735912');
    expect(await hasher.verify('735912', stored)).toBe(true);
    expect(await hasher.verify('735913', stored)).toBe(false);
    expect(await hasher.verify('', stored)).toBe(false);
    expect(stored).not.toContain('735912');
  });

  it('salts: the same password gives another hash each time', async () => {
    const hasher = new PasswordHasher(cheap);
    expect(await hasher.hash('000000')).not.toBe(await hasher.hash('000000'));
  });

  it('checks hashes that were made at another cost', async () => {
    const stored = await new PasswordHasher({ logN: 5, r: 4, p: 2 }).hash('1234');
    expect(await new PasswordHasher(cheap).verify('1234', stored)).toBe(true);
  });

  it.each(['', 'scrypt$4$8$1$AAAA$BBBB', `scrypt$30$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`])(
    'refuses the stored text %j, however it came there',
    async (stored) => {
      await expect(new PasswordHasher(cheap).verify('x', stored)).rejects.toThrow(
        new CryptoError('password-hash-malformed'),
      );
    },
  );

  it('takes the same work for a user that does not exist', async () => {
    expect(await new PasswordHasher(cheap).verifyNothing('1234')).toBe(false);
  });

  it('runs a few at once, lets some wait and refuses the rest', async () => {
    const hasher = new PasswordHasher({ logN: 10, r: 8, p: 1 }, 1, 2);
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((number) => hasher.hash(`${number}`)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toEqual([new CryptoError('password-hasher-busy'), new CryptoError('password-hasher-busy')]);
    // The turns were given back.
    await expect(hasher.hash('6')).resolves.toBeDefined();
  });
});
