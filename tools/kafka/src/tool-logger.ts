/** The part of a pino logger this tool uses. */
export interface ToolLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const ignore = (): void => undefined;

export const quietLogger: ToolLogger = { debug: ignore, info: ignore, warn: ignore };
