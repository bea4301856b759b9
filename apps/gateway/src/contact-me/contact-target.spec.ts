import { chooseAddress, readContactTarget, type ContactTargetRules } from './contact-target.js';
import { canonicalAddress, DEFAULT_PHONE_NETWORKS, isNetwork, PhoneNetworks } from './phone-networks.js';

const PATH = '/contact_dls.html/ContactDLS';
const rulesOf = (changes: Partial<ContactTargetRules> = {}): ContactTargetRules => ({
  networks: new PhoneNetworks(DEFAULT_PHONE_NETWORKS),
  ports: [{ first: 8_085, last: 8_085 }],
  simulatedPhones: false,
  ...changes,
});

/** The whole way for a host that is an address: read, then chosen. */
function outcomeOf(uri: string, rules = rulesOf(), resolved?: readonly string[]): string {
  const read = readContactTarget(uri, rules);
  if (!read.ok) return read.code;
  if (!read.target.isAddress && resolved === undefined) return 'needs resolution';
  const chosen = chooseAddress(read.target, resolved ?? [read.target.host], rules);
  return chosen.ok ? chosen.address : chosen.code;
}

describe('the target of a ContactMe', () => {
  it.each([
    [`http://10.1.2.3:8085${PATH}`, '10.1.2.3'],
    [`HTTP://192.168.0.9:8085${PATH}`, '192.168.0.9'],
    [`http://172.31.255.1:8085${PATH}\n`, '172.31.255.1'],
    [`http://[fd00:1::31]:8085${PATH}`, 'fd00:1::31'],
    [`http://[FD00:0:0:0:0:0:0:31]:8085${PATH}`, 'fd00::31'],
    [`http://[::ffff:10.0.0.1]:8085${PATH}`, '10.0.0.1'],
    [`http://[::FFFF:0a00:0001]:8085${PATH}`, '10.0.0.1'],
  ])('may be a phone: %s', (uri, address) => {
    expect(outcomeOf(uri)).toBe(address);
  });

  it.each([
    [`https://10.1.2.3:8085${PATH}`, 'scheme-not-allowed'],
    [`ftp://10.1.2.3:8085${PATH}`, 'scheme-not-allowed'],
    [`file://${PATH}`, 'scheme-not-allowed'],
    ['', 'uri-malformed'],
    ['10.1.2.3', 'uri-malformed'],
    [`http://user@10.1.2.3:8085${PATH}`, 'uri-malformed'],
    [`http://user:pw@10.1.2.3:8085${PATH}`, 'uri-malformed'],
    [`http:\\\\10.1.2.3:8085${PATH}`, 'uri-malformed'],
    [`http:/10.1.2.3:8085${PATH}`, 'uri-malformed'],
    [`http://10.1.2.3:8085\t${PATH}`, 'uri-malformed'],
    [`http://10.1.2.3:8085\r\nX: y${PATH}`, 'uri-malformed'],
    [`http://10.1.2.3:8085@8.8.8.8${PATH}`, 'uri-malformed'],
    [`http://[fe80::1%25eth0]:8085${PATH}`, 'uri-malformed'],
    [`http://10.1.2.3:8085${PATH}?x=1`, 'path-not-allowed'],
    [`http://10.1.2.3:8085${PATH}#x`, 'path-not-allowed'],
    [`http://10.1.2.3:8085${PATH}/`, 'path-not-allowed'],
    [`http://10.1.2.3:8085/`, 'path-not-allowed'],
    [`http://10.1.2.3:8085/x/..${PATH}`, 'path-not-allowed'],
    [`http://10.1.2.3:8085/contact_dls.html/%43ontactDLS`, 'path-not-allowed'],
    [`http://10.1.2.3${PATH}`, 'port-not-allowed'],
    [`http://10.1.2.3:80${PATH}`, 'port-not-allowed'],
    [`http://10.1.2.3:22${PATH}`, 'port-not-allowed'],
    [`http://10.1.2.3:0${PATH}`, 'port-not-allowed'],
    [`http://10.1.2.3:99999${PATH}`, 'port-not-allowed'],
    [`http://10.1.2.3:73621${PATH}`, 'port-not-allowed'],
  ])('is not followed: %s', (uri, code) => {
    expect(outcomeOf(uri)).toBe(code);
  });

  it.each(['8.8.8.8', '192.0.2.1', '172.32.0.1', '0.0.0.0', '0.1.2.3', '224.0.0.1', '239.255.255.250', '240.0.0.1'])(
    'is no phone at %s',
    (host) => expect(outcomeOf(`http://${host}:8085${PATH}`)).toBe('address-not-allowed'),
  );

  it.each(['255.255.255.255', '169.254.169.254', '169.254.170.2', '100.100.100.200'])(
    'is never %s, even when everything is a phone network',
    (host) => {
      const everything = rulesOf({ networks: new PhoneNetworks(['0.0.0.0/0', '::/0']) });
      expect(outcomeOf(`http://${host}:8085${PATH}`, everything)).toBe('address-not-allowed');
      expect(outcomeOf(`http://[::ffff:${host}]:8085${PATH}`, everything)).toBe('address-not-allowed');
    },
  );

  it('is never behind a translation of addresses to where phones never are', () => {
    const everything = rulesOf({ networks: new PhoneNetworks(['::/0']) });
    // 169.254.169.254 and 224.0.0.1 by NAT64 and 6to4, and a phone of the site by NAT64.
    const never = [
      '64:ff9b::a9fe:a9fe',
      '64:ff9b::169.254.170.2',
      '2002:a9fe:a9fe::1',
      '64:ff9b::e000:1',
      '2002:e000:1::',
    ];
    for (const host of never) expect(outcomeOf(`http://[${host}]:8085${PATH}`, everything)).toBe('address-not-allowed');
    expect(outcomeOf(`http://[64:ff9b::a01:203]:8085${PATH}`, everything)).toBe('64:ff9b::a01:203');
  });

  it.each(['::', 'ff02::1', '2001:4860:4860::8888', 'fd00:ec2::254', '::ffff:8.8.8.8', '64:ff9b::a9fe:a9fe'])(
    'is no phone at [%s]',
    (host) => expect(outcomeOf(`http://[${host}]:8085${PATH}`)).toBe('address-not-allowed'),
  );

  it.each(['2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '127.1', '010.0.0.1', '10.0.0.256', '10.0.0.1.'])(
    'is not written %s, which parsers read as different addresses',
    (host) => expect(outcomeOf(`http://${host}:8085${PATH}`)).toBe('host-not-allowed'),
  );

  it.each(['[]', '[:::]', '[10.0.0.1]', '-x', 'a..b', '.a'])('is not written %s', (host) => {
    expect(['host-not-allowed', 'uri-malformed']).toContain(outcomeOf(`http://${host}:8085${PATH}`));
  });

  it('may have a name, all of whose addresses are checked', () => {
    const uri = `http://phone-1.example:8085${PATH}`;
    expect(outcomeOf(uri)).toBe('needs resolution');
    expect(outcomeOf(uri, rulesOf(), ['10.0.0.7', 'fd00::7'])).toBe('10.0.0.7');
    expect(outcomeOf(uri, rulesOf(), ['10.0.0.7', '8.8.8.8'])).toBe('address-not-allowed');
    expect(outcomeOf(uri, rulesOf(), ['10.0.0.7', '::ffff:169.254.169.254'])).toBe('address-not-allowed');
    expect(outcomeOf(uri, rulesOf(), [])).toBe('address-not-allowed');
    expect(outcomeOf(uri, rulesOf(), ['fe80::1%eth0'])).toBe('address-not-allowed');
  });

  it('may be any unprivileged port of this machine for virtual phones, and of no other', () => {
    const rules = rulesOf({ simulatedPhones: true, networks: new PhoneNetworks(['10.0.0.0/8']) });
    expect(outcomeOf(`http://127.0.0.1:40000${PATH}`, rules)).toBe('127.0.0.1');
    expect(outcomeOf(`http://[::1]:1024${PATH}`, rules)).toBe('::1');
    expect(outcomeOf(`http://127.0.0.1:1023${PATH}`, rules)).toBe('port-not-allowed');
    expect(outcomeOf(`http://10.0.0.1:40000${PATH}`, rules)).toBe('port-not-allowed');
    expect(outcomeOf(`http://10.0.0.1:8085${PATH}`, rules)).toBe('10.0.0.1');
    expect(outcomeOf(`http://127.0.0.1:40000${PATH}`)).toBe('port-not-allowed');
  });

  it('keeps to ranges of ports', () => {
    const rules = rulesOf({
      ports: [
        { first: 8_085, last: 8_085 },
        { first: 9_000, last: 9_010 },
      ],
    });
    for (const port of [8_085, 9_000, 9_010])
      expect(outcomeOf(`http://10.0.0.1:${port}${PATH}`, rules)).toBe('10.0.0.1');
    for (const port of [8_084, 8_999, 9_011])
      expect(outcomeOf(`http://10.0.0.1:${port}${PATH}`, rules)).toBe('port-not-allowed');
  });
});

describe('phone networks', () => {
  it('are addresses and prefixes', () => {
    for (const text of ['10.0.0.0/8', '10.0.0.1', 'fd00::/8', '::1', '0.0.0.0/0']) expect(isNetwork(text)).toBe(true);
    for (const text of ['', 'x', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/-1'])
      expect(isNetwork(text)).toBe(false);
  });

  it('write every address one way', () => {
    expect(canonicalAddress('::ffff:192.168.1.2')).toBe('192.168.1.2');
    expect(canonicalAddress('FE80:0::1')).toBe('fe80::1');
    expect(canonicalAddress('fe80::1%eth0')).toBeUndefined();
    expect(canonicalAddress('localhost')).toBeUndefined();
  });
});
