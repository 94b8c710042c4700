/**
 * Every limit and every constant that two sides must agree on, once. README.md beside this file quotes the same
 * numbers in its table "Limits", and a test compares the two. What a limit protects stands with it.
 */

export const KIB = 1024
export const MIB = 1024 * KIB

/** What a base's manifest may say. */
export const MANIFEST_LIMITS = {
  /** Canonical bytes of one manifest. */
  bytes: 8 * MIB,
  files: 1000,
  /** UTF-8 bytes of one path. */
  path: 255,
  /** Characters of name, licence and architecture. */
  text: 200,
  minimumChunk: 4 * KIB,
  maximumChunk: 4 * MIB,
  /** All files together; 128 GiB. */
  totalBytes: 131_072 * MIB,
} as const

/** The chunk size that importers use unless a test needs a smaller one. */
export const DEFAULT_CHUNK_SIZE = 1 * MIB

export const ADAPTER_LIMITS = {
  bytes: 1 * MIB,
  tensors: 20_000,
  rank: 4,
  text: 300,
  /** Canonical JSON of the method's configuration. */
  configuration: 16 * KIB,
} as const

export const TASK_LIMITS = {
  bytes: 4 * KIB,
  title: 200,
  /** No task may ask about fewer held-out items than this. */
  minimumItems: 5,
  /** A task lives at most a year. */
  lifetimeMs: 366 * 24 * 3600 * 1000,
} as const

export const REPORT_LIMITS = {
  bytes: 1 * KIB,
  items: 1_000_000,
  /** No score may be larger than this in size. */
  score: 100_000,
} as const
