/**
 * A running coordinator's log: one JSON object a line, to stderr or a file. It says what was asked for and what came of it,
 * never what was in it. Written at once, so that nothing is missing after a crash. The only importer of pino.
 */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino'
import { OppuError } from '../protocol/errors.ts'
import type { LogLevel } from './config.ts'

export interface Log {
  readonly logger: Logger
  /** Opens the file anew, after it was moved away. */
  reopen(): void
}

/** Logs to `file`, or to stderr where that is empty. @throws OppuError NOT_PERMITTED when the file cannot be written. */
export function openLog({ level, file }: { readonly level: LogLevel; readonly file: string }): Log {
  let out: ReturnType<typeof destination>
  try {
    out = destination({ dest: file === '' ? 2 : file, sync: true, append: true, mode: 0o600 })
  } catch (cause) {
    throw new OppuError('NOT_PERMITTED', `the log ${file} cannot be written`, { cause })
  }
  out.on('error', () => {}) // nobody is left to be told
  const logger = pino(
    { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime, messageKey: 'message' },
    out,
  )
  return { logger, reopen: () => (file === '' ? undefined : out.reopen()) }
}
