export { readCorpus } from './corpus.js';
export { fuzzOptions, usage, type FuzzOptions } from './fuzz-options.js';
export { mutate, toBytes } from './mutations.js';
export { createRandom, type Random } from './random.js';
