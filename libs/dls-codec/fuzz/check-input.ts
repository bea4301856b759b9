import { isDeepStrictEqual } from 'node:util';
import { DECODE_ERROR_CODES, decodeMessage, encodeDlsMessage, encodeWorkpointMessage } from '../src/index.js';
import type { DecodedMessage, DecodeResult } from '../src/index.js';

/** What became of one input: a label to count, and what is wrong, if anything. */
export interface Verdict {
  readonly label: string;
  readonly fault?: string;
}

// A megabyte of items takes about a tenth of this on an old machine; quadratic work takes minutes.
const SLOW_MS = 1_000;

/** Decodes one input and holds the answer against what is promised for every input. */
export function checkInput(bytes: Uint8Array, charset: string | undefined): Verdict {
  try {
    const start = performance.now();
    const result = decodeMessage(bytes, { charset });
    const tookMs = performance.now() - start;
    const verdict = result.ok ? checkMessage(result.message) : checkError(result, bytes);
    if (verdict.fault === undefined && tookMs > SLOW_MS && isSlow(bytes, charset))
      return { ...verdict, fault: `${bytes.length} bytes took ${Math.round(tookMs)} ms` };
    return verdict;
  } catch (error) {
    return { label: 'thrown', fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function checkError(result: DecodeResult & { ok: false }, bytes: Uint8Array): Verdict {
  const { code, offset, message } = result.error;
  if (!DECODE_ERROR_CODES.includes(code)) return { label: code, fault: `the code ${code} is not a known one` };
  if (!Number.isInteger(offset) || offset < 0 || offset > bytes.length)
    return { label: code, fault: `the offset ${offset} is outside the input` };
  if (message === 'the document cannot be read')
    return { label: code, fault: 'the parser refused what the check had passed' };
  return { label: code };
}

function checkMessage(message: DecodedMessage): Verdict {
  if (message.kind === 'unknown') return { label: 'unknown message' };
  const xml = message.kind === 'dls' ? encodeDlsMessage(message) : encodeWorkpointMessage(message);
  // Escaping makes a message longer than it came in; limits on size are not the question here.
  const limits = { maxBytes: Infinity, maxValueLength: Infinity };
  const again = decodeMessage(new TextEncoder().encode(xml), { limits });
  const isSame = again.ok && isDeepStrictEqual(again.message, message);
  return isSame ? { label: 'message' } : { label: 'message', fault: 'the message does not survive a round trip' };
}

// A busy machine can make any single run slow.
function isSlow(bytes: Uint8Array, charset: string | undefined): boolean {
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    decodeMessage(bytes, { charset });
    if (performance.now() - start <= SLOW_MS) return false;
  }
  return true;
}
