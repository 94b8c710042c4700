/** What this process has in memory, by Linux's own account where there is one: /proc, whose peak begins with the process. */
import { readFileSync } from 'node:fs'

/** Bytes resident now and at the highest. */
export function residentMemory(): { readonly rss: number; readonly peakRss: number } {
  const fallback = { rss: process.memoryUsage.rss(), peakRss: 1024 * process.resourceUsage().maxRSS }
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return {
      rss: sizeOf(status, 'VmRSS') ?? fallback.rss,
      peakRss: sizeOf(status, 'VmHWM') ?? fallback.peakRss,
    }
  } catch {
    return fallback
  }
}

function sizeOf(status: string, field: string): number | undefined {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  return kilobytes === undefined ? undefined : 1024 * Number(kilobytes)
}
