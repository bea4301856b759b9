import { variableSchemas } from '@opendls/config';
import { configPolicyEnvironment } from '@opendls/config-policy';
import { TOPICS } from '@opendls/event-contracts';
import { gatewayEnvironment } from '@opendls/gateway';
import { inventoryEnvironment } from '@opendls/inventory';
import { codesIn, productionSources, readText, tableRows } from './workspace.js';

const page = readText('docs/operations.md');
const sections = new Map(
  page.split(/^#+ /m).map((text) => [text.slice(0, text.indexOf('\n')), tableRows(text)] as const),
);
const SHARED = 'All services';
const ENVIRONMENTS = {
  gateway: gatewayEnvironment,
  inventory: inventoryEnvironment,
  'config-policy': configPolicyEnvironment,
};

/** Names and defaults as documented for a service, with those of all services. */
function documented(service: string): Map<string, string> {
  const rows = [...(sections.get(SHARED) ?? []), ...(sections.get(service) ?? [])];
  return new Map(
    rows.flatMap(([name = '', value = '']) => {
      const [variable] = codesIn(name);
      return variable?.startsWith('OPENDLS_') ? [[variable, codesIn(value)[0] ?? value] as const] : [];
    }),
  );
}

describe.each(Object.entries(ENVIRONMENTS))('the variables of %s', (service, environment) => {
  const variables = variableSchemas(environment);

  it('are all there, and no others', () => {
    expect([...documented(service).keys()].sort()).toEqual([...variables.keys()].sort());
  });

  it('have the defaults they are said to have', () => {
    const wrong = [...documented(service)].filter(([name, said]) => {
      const schema = variables.get(name);
      const unset = schema?.safeParse(undefined);
      if (said === 'required') return unset?.success !== false;
      // An empty text is as good as none.
      if (said === '-') return unset?.success !== true || Boolean(unset.data);
      return JSON.stringify(unset?.data) !== JSON.stringify(schema?.safeParse(said).data);
    });
    expect(wrong).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  it('names metrics that there are', () => {
    const sources = productionSources().map(readText).join('\n');
    const prefixes = ['opendls_gateway_', 'opendls_bus_', 'opendls_config_policy_', 'opendls_inventory_'];
    const exists = (metric: string): boolean =>
      sources.includes(metric) ||
      prefixes.some((prefix) => {
        const rest = metric.startsWith(prefix) ? metric.slice(prefix.length) : undefined;
        return rest !== undefined && (sources.includes(`'${rest}'`) || sources.includes(`_${rest}`));
      });
    const pages = `${page}${readText('docs/errors.md')}`;
    const named = new Set([...pages.matchAll(/\bopendls_[a-z_]+[a-z]\b(?!')/g)].map(([metric]) => metric));
    for (const name of ['opendls_inventory', 'opendls_config_policy', 'opendls_log']) named.delete(name);
    expect(named.size).toBeGreaterThan(25);
    expect([...named].filter((metric) => !exists(metric))).toEqual([]);
  });

  it('has every topic, and how long it is kept', () => {
    const rows = sections.get('Topics') ?? [];
    for (const topic of TOPICS) {
      const row = rows.find(([name = '']) => codesIn(name).includes(topic.name));
      const hours = 'retentionMs' in topic ? topic.retentionMs / 3_600_000 : undefined;
      const kept = hours === undefined ? 'compacted' : hours < 24 ? `${hours} hour` : `${hours / 24} days`;
      expect(row?.at(-1)).toContain(kept);
    }
  });
});
