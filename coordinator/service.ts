/**
 * A coordinator as a service that runs for months: with a log, numbers for those who watch over it, and a way for its
 * operator to reach it. Opens the parts in order and closes them so that whoever watches hears of it first, and what was
 * asked before is answered.
 */
import { isOppuError } from '../protocol/errors.ts'
import { AdminServer } from './admin.ts'
import type { CoordinatorConfig } from './config.ts'
import { Coordinator, type RequestEvent } from './coordinator.ts'
import { type Log, openLog } from './log.ts'
import { Metrics } from './metrics.ts'
import { Monitor } from './monitor.ts'

export interface ServiceOptions extends CoordinatorConfig {
  readonly home: string
  readonly signal?: AbortSignal
}

export class Service implements AsyncDisposable {
  readonly coordinator: Coordinator
  readonly #log: Log
  readonly #monitor: Monitor | undefined
  readonly #admin: AdminServer | undefined
  #closed: Promise<void> | undefined

  private constructor(
    coordinator: Coordinator,
    log: Log,
    monitor: Monitor | undefined,
    admin: AdminServer | undefined,
  ) {
    this.coordinator = coordinator
    this.#log = log
    this.#monitor = monitor
    this.#admin = admin
  }

  /** @throws OppuError those of Coordinator.open; CONNECTION_FAILED, INVALID_ARGUMENT for where it is watched. */
  static async open(options: ServiceOptions): Promise<Service> {
    const { home, listen, monitor: at, logLevel, logFile, signal } = options
    const log = openLog({ level: logLevel, file: logFile })
    const { logger } = log
    const metrics = new Metrics()
    const onRequest = (event: RequestEvent) => {
      metrics.request(event)
      const { kind, outcome, seconds, peer } = event
      const entry = { kind, outcome, ms: Math.round(seconds * 1e4) / 10, peer }
      logger[outcome === 'UNAVAILABLE' ? 'warn' : 'debug'](entry, 'request')
    }
    await using stack = new AsyncDisposableStack()
    const waiting = signal === undefined ? {} : { signal }
    const coordinator = stack.use(
      await Coordinator.open({ home, listen, onRequest, ...waiting }).catch((error: unknown) => {
        logger.error({ code: isOppuError(error) ? error.code : undefined, err: error }, 'cannot start')
        throw error
      }),
    )
    metrics.watch(coordinator)
    const monitor = at === '' ? undefined : stack.use(await Monitor.open(at, coordinator, metrics))
    const onOperation = (operation: string, outcome: string) => {
      metrics.operation(operation, outcome)
      logger.info({ operation, outcome }, 'operation')
    }
    const admin = await AdminServer.open(home, coordinator, onOperation).catch((error: unknown) => {
      // It serves its members all the same; its operator has to stop it to change anything.
      if (!isOppuError(error, 'INVALID_ARGUMENT')) throw error
      logger.warn({ code: error.code }, error.message)
      return undefined
    })
    const { bases, releases, keyChanges } = coordinator.counts()
    logger.info(
      { coordinator: coordinator.id, addresses: coordinator.addresses(), bases, releases, keyChanges },
      'started',
    )
    stack.move()
    return new Service(coordinator, log, monitor, admin)
  }

  /** Where it can be watched; undefined where it was not asked to be. */
  get monitorUrl(): string | undefined {
    return this.#monitor?.url
  }

  /** Opens the log's file anew. */
  reopenLog(): void {
    this.#log.reopen()
  }

  /** Answers what was asked before, for a few seconds at most, and stops. */
  close(): Promise<void> {
    this.#closed ??= this.#stop()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #stop(): Promise<void> {
    const started = performance.now()
    this.#log.logger.info('stopping')
    this.#monitor?.stopping()
    try {
      await this.#admin?.close()
      await this.coordinator.close()
    } finally {
      await this.#monitor?.close()
      this.#log.logger.info({ ms: Math.round(performance.now() - started) }, 'stopped')
    }
  }
}
