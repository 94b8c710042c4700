/**
 * What a coordinator counts, for Prometheus: requests and what came of them, bytes, and how much there is of everything.
 * Never who, and never what: a label is a kind of request or an error's code. The only importer of prom-client.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Coordinator, Counts, RequestEvent } from './coordinator.ts'

const GAUGES: Readonly<Record<keyof Counts, { readonly name: string; readonly help: string }>> = {
  bases: { name: 'oppu_bases', help: 'Published bases.' },
  releases: { name: 'oppu_releases', help: 'Names with a tag.' },
  openTasks: { name: 'oppu_tasks_open', help: 'Tasks that have not expired.' },
  reports: { name: 'oppu_reports', help: 'Reports that are kept.' },
  announced: { name: 'oppu_providers', help: 'Members whose announcements hold.' },
  members: { name: 'oppu_members', help: 'Members of a private community; 0 in an open one.' },
  keyChanges: { name: 'oppu_key_changes', help: 'Changes of the signing key.' },
  connections: { name: 'oppu_connections', help: 'Open connections.' },
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Counter<'kind' | 'outcome'>
  readonly #seconds: Histogram<'kind'>
  readonly #operations: Counter<'operation' | 'outcome'>

  constructor() {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    this.#requests = new Counter({
      name: 'oppu_requests_total',
      help: 'Requests of members, by kind and by outcome: ok, or the code of the error that was answered.',
      labelNames: ['kind', 'outcome'],
      registers,
    })
    this.#seconds = new Histogram({
      name: 'oppu_request_seconds',
      help: 'Time from the start of a request to the end of its answer.',
      labelNames: ['kind'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    })
    this.#operations = new Counter({
      name: 'oppu_operations_total',
      help: 'What its operator had it do, by operation and outcome.',
      labelNames: ['operation', 'outcome'],
      registers,
    })
  }

  /** Reads the numbers of `coordinator` whenever it is asked. */
  watch(coordinator: Coordinator): void {
    const registers = [this.#registry]
    for (const [key, { name, help }] of Object.entries(GAUGES))
      new Gauge({
        ...{ name, help, registers },
        collect() {
          this.set(coordinator.counts()[key as keyof Counts])
        },
      })
    new Counter({
      name: 'oppu_bytes_total',
      help: 'Bytes of all requests and answers, by direction.',
      labelNames: ['direction'],
      registers,
      collect() {
        const { sent, received } = coordinator.traffic
        this.reset()
        this.inc({ direction: 'sent' }, sent)
        this.inc({ direction: 'received' }, received)
      },
    })
  }

  request({ kind, outcome, seconds }: RequestEvent): void {
    this.#requests.inc({ kind, outcome })
    this.#seconds.observe({ kind }, seconds)
  }

  operation(operation: string, outcome: string): void {
    this.#operations.inc({ operation, outcome })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
