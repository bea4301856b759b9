import { isRefusal } from './postgres-errors.js';

describe('a failed append', () => {
  it.each(['22021', '22P02', '54000'])('is a refusal of its records with SQLSTATE %s', (code) => {
    expect(isRefusal({ code })).toBe(true);
  });

  it.each(['28P01', '3D000', '42P01', '42501', '57P01', 'ECONNREFUSED', undefined])(
    'is none with %s: the same records are taken once that is put right',
    (code) => {
      expect(isRefusal(Object.assign(new Error('failed'), { code }))).toBe(false);
    },
  );
});
