import { readOptions } from './command-line.js';

describe('the command line of npm run cluster', () => {
  it('has the ports phones know, and no DCMP port', () => {
    expect(readOptions([])).toMatchObject({
      ...{ 'phone-port': 18_443, 'secure-phone-port': 18_444, 'simulated-phones': false },
      ...{ 'legacy-phone-port': undefined, 'dcmp-port': undefined, 'phone-network': undefined },
    });
  });

  it('takes any free port for Secure Mode with any free port for phones, unless one is named', () => {
    expect(readOptions(['--phone-port', '0'])['secure-phone-port']).toBe(0);
    expect(readOptions(['--phone-port', '0', '--secure-phone-port', '19444'])['secure-phone-port']).toBe(19_444);
  });

  it('lets demo phones be asked to call', () => {
    expect(readOptions(['--demo', '1'])['simulated-phones']).toBe(true);
    expect(readOptions(['--simulated-phones'])['simulated-phones']).toBe(true);
  });

  it('takes several networks of phones', () => {
    const args = ['--phone-network', '10.1.0.0/16', '--phone-network', 'fd00::/8'];
    expect(readOptions(args)['phone-network']).toEqual(['10.1.0.0/16', 'fd00::/8']);
    expect(() => readOptions(['--phone-network', 'everywhere'])).toThrow('--phone-network');
  });
});
