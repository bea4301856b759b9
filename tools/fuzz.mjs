// `npm run fuzz -- [--target codec|listener] ...`: without a target both, one after the other.
const TARGETS = {
  codec: '../libs/dls-codec/fuzz/main.ts',
  listener: '../apps/gateway/fuzz/main.ts',
};

const args = process.argv.slice(2);
const at = args.findIndex((arg) => arg === '--target' || arg.startsWith('--target='));
const wanted = at === -1 ? undefined : args[at].includes('=') ? args[at].slice('--target='.length) : args[at + 1];
const rest = at === -1 ? args : args.toSpliced(at, args[at].includes('=') ? 1 : 2);

if (at !== -1 && !Object.hasOwn(TARGETS, wanted ?? '')) {
  console.error(`--target is codec or listener, not '${wanted ?? ''}'`);
  process.exit(2);
}
process.exitCode = 0;
for (const target of wanted === undefined ? Object.keys(TARGETS) : [wanted]) {
  if (wanted === undefined) console.log(`== ${target}`);
  const { main } = await import(TARGETS[target]);
  process.exitCode ||= await main(rest);
}
// A finding may leave something running that would hold the process.
process.exit();
