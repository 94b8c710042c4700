/** What the runtime throws, as this project's errors: by the words of its messages, as it has no codes. */
import { OppuError } from '../../protocol/errors.ts'

/** WebGPU's too: of a buffer that it could not make, or that a kernel would have to see in too many parts. */
const MEMORY = /allocat|bad_alloc|out of memory|OutOfMemory|\[Invalid Buffer|Too many storage buffers/i
/** WebGPU's "[Device] is lost." */
const LOSS = /device\W+(is|was) lost/i

/** An OppuError DEVICE_LOST, OUT_OF_MEMORY or RUNTIME_FAILURE; a TypeError or OppuError as it is. */
export function runtimeError(error: unknown, doing: string): unknown {
  if (error instanceof TypeError || error instanceof OppuError) return error
  const text = firstLine(error)
  if (LOSS.test(text)) return new OppuError('DEVICE_LOST', `${doing}: the device is lost`, { cause: error })
  const code = MEMORY.test(text) ? 'OUT_OF_MEMORY' : 'RUNTIME_FAILURE'
  return new OppuError(code, `${doing}: ${text}`, { cause: error })
}

/** The runtime's message without the source line and the condition that it puts before it. */
export function firstLine(error: unknown): string {
  const line = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
  return line.replace(/\/onnxruntime_src\/.* was false\. /, '')
}
