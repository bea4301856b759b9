import { hostHeader, parseTarget } from './target.js';

describe('parseTarget', () => {
  const path = '/DeploymentService/LoginService';
  it.each([
    ['https://dls.example.net:18443', { host: 'dls.example.net', port: 18_443, path }],
    ['https://192.0.2.1', { host: '192.0.2.1', port: 18_443, path }],
    ['https://192.0.2.1:443/', { host: '192.0.2.1', port: 443, path }],
    ['https://[2001:db8::1]:9000/', { host: '2001:db8::1', port: 9_000, path }],
    ['https://h:1/provisioningService', { host: 'h', port: 1, path: '/provisioningService' }],
  ])('reads %s', (url, expected) => expect(parseTarget(url)).toEqual(expected));

  it.each(['http://h:1', 'h:1', '', 'https://'])('refuses %j', (url) => expect(parseTarget(url)).toBeUndefined());

  it('writes the Host header', () => {
    expect(hostHeader({ host: '2001:db8::1', port: 1, path })).toBe('[2001:db8::1]:1');
    expect(hostHeader({ host: 'h', port: 2, path })).toBe('h:2');
  });
});
