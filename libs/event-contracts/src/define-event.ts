import type { z } from 'zod';
import type { TopicName } from './topics.js';

/** One kind of event: where it travels, what it is called, what its data looks like. */
export interface EventDefinition<Type extends string = string, Schema extends z.ZodType = z.ZodType> {
  readonly type: Type;
  readonly topic: TopicName;
  readonly description: string;
  readonly data: Schema;
  /** Frozen examples: what was valid once must stay readable. */
  readonly fixtures: { readonly minimal: z.input<Schema>; readonly full: z.input<Schema> };
}

/** The data of the event that a definition describes. */
export type DataOf<Definition extends EventDefinition> = z.output<Definition['data']>;

/** Keeps the literal type name and the schema's type of a definition. */
export function defineEvent<const Type extends `opendls.${string}`, Schema extends z.ZodType>(
  definition: EventDefinition<Type, Schema>,
): EventDefinition<Type, Schema> {
  return definition;
}
