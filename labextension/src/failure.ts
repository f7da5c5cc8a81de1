/** What a failure says, whoever raised it. */

/** The sentence that came with it. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The HTTP status that came with it; 0 where there is none. */
export function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' ? status : 0;
}

/** The server did not do what was asked; `status` is 0 where it was not reached. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
    this.name = 'ServerError';
  }
}

/** Return true where nobody answered, or a proxy said so: it is worth to ask again. */
export function isAway(error: unknown): boolean {
  return error instanceof ServerError && (error.status === 0 || error.status >= 502);
}
