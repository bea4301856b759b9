import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/**
 * The yardstick: a bare `node:https` server that reads the request and answers with bytes made beforehand. What a gateway
 * costs beyond this is what OpenDLS adds. Arguments: key file, certificate file.
 */
const [keyFile = '', certificateFile = ''] = process.argv.slice(2);
const answer = Buffer.from(
  '<?xml version="1.0" encoding="UTF-8"?><DLSMessage xmlns="http://www.siemens.com/DLS">' +
    '<Message nonce="00000000000000000000000000000000"><Action>CleanUp</Action></Message></DLSMessage>',
);

const server = createServer(
  { key: readFileSync(keyFile), cert: readFileSync(certificateFile) },
  (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      Buffer.concat(chunks);
      response.writeHead(200, { 'content-type': 'text/xml; charset=UTF-8', 'content-length': answer.length });
      response.end(answer);
    });
  },
);
server.listen(0, '127.0.0.1', () => {
  // A TCP server's address is never a pipe name.
  const { port } = server.address() as AddressInfo;
  process.send?.({ type: 'ready', urls: { phones: `https://127.0.0.1:${port}` } });
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
