/** Where phones post their messages (PROTOCOL 1.1). */
export const LOGIN_SERVICE_PATH = '/DeploymentService/LoginService';

/** The address of a service from `https://host:port`, with or without the path. Throws a TypeError on anything else. */
export function serviceUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new TypeError(`not a URL: ${text}`, { cause });
  }
  if (url.protocol !== 'https:') throw new TypeError(`phones speak HTTPS only: ${text}`);
  if (url.pathname === '/') url.pathname = LOGIN_SERVICE_PATH;
  return url;
}
