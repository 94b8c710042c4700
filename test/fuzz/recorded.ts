/** What test/fixtures/recorded holds, as good inputs. */
import { readFileSync } from 'node:fs'
import type { BaseId } from '../../protocol/ids.ts'
import { decodeManifest } from '../../protocol/manifest.ts'
import type { EvaluationTask, Report } from '../../protocol/task.ts'

const read = JSON.parse(
  readFileSync(new URL('../fixtures/recorded/version-1.json', import.meta.url), 'utf8'),
) as {
  readonly time: number
  readonly seeds: Readonly<Record<'coordinator' | 'user', string>>
  readonly base: BaseId
  readonly manifest: string
  readonly licenceText: string
  readonly task: EvaluationTask
  readonly report: Report
  /** The provider's addresses. */
  readonly announced: readonly string[]
  readonly calls: readonly {
    readonly what: string
    readonly protocol: string
    readonly request: string
    readonly reply: string
  }[]
}

export const recording = { ...read, manifest: decodeManifest(Buffer.from(read.manifest, 'base64')) }

/** Requests or replies of a protocol, in their frames and with what follows them, each once. */
export function recorded(protocol: string, part: 'request' | 'reply', what = ''): Uint8Array[] {
  const calls = recording.calls.filter(call => call.protocol === protocol && call.what.startsWith(what))
  return [...new Set(calls.map(call => call[part]))].map(text => new Uint8Array(Buffer.from(text, 'base64')))
}

/** The payload of a frame. */
export function unframed(frame: Uint8Array): Uint8Array {
  return frame.subarray(4, 4 + new DataView(frame.buffer, frame.byteOffset).getUint32(0))
}
