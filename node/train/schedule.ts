/** How the learning rate goes over a run. */
export type ScheduleName = 'linear' | 'cosine' | 'constant'

/**
 * The learning rate's factor for update `step` (from 0) of `steps`: rises over the first `warmup` steps, then falls to 0 after
 * the last one, as transformers' get_linear_schedule_with_warmup and get_cosine_schedule_with_warmup.
 */
export function scheduleFactor(schedule: ScheduleName, step: number, steps: number, warmup: number): number {
  if (step < warmup) return step / Math.max(1, warmup)
  const progress = (step - warmup) / Math.max(1, steps - warmup)
  switch (schedule) {
    case 'constant':
      return 1
    case 'linear':
      return Math.max(0, 1 - progress)
    case 'cosine':
      return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)))
  }
}
