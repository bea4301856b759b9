import { isSecretItem } from '@opendls/item-catalog';

const MASK = '***';

/** A transcript without what must not be shown: the values of secret items and of cookies. */
export function maskSecrets(text: string): string {
  return text
    .replace(/^((?:Set-)?Cookie: *[^=\r\n;]*=)[^;\r\n]*/gim, `$1${MASK}`)
    .replace(/(<(?:\w+:)?Item\b[^>]*>)([^<]+)/g, (whole: string, tag: string) =>
      isSecretTag(tag) ? tag + MASK : whole,
    );
}

function isSecretTag(tag: string): boolean {
  const name = /\bname\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(tag);
  return name !== null && isSecretItem(name[1] ?? name[2] ?? '');
}
