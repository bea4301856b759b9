import { Counter, type Registry } from 'prom-client';

/** What is counted of mobile users. */
export class MobilityMetrics {
  readonly logons: Counter<'outcome'>;
  readonly logoffs: Counter<'kind'>;
  readonly userData: Counter<'outcome'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.logons = new Counter({
      name: 'opendls_config_policy_mobility_logons_total',
      help: 'Logons of mobile users: accepted, or why refused',
      labelNames: ['outcome'],
      registers,
    });
    this.logoffs = new Counter({
      name: 'opendls_config_policy_mobility_logoffs_total',
      help: 'Logoffs of mobile users: by-user, forced (asked for), missed (found out later)',
      labelNames: ['kind'],
      registers,
    });
    this.userData = new Counter({
      name: 'opendls_config_policy_mobility_user_data_total',
      help: 'Items of user data from phones: saved, dropped (too large, not authentic)',
      labelNames: ['outcome'],
      registers,
    });
  }
}
