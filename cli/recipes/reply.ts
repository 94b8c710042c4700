/**
 * Takes a mail's body apart: what its author wrote, and what they answered.
 *
 * Pure text work on the habits of 2002: `>` quotes, "X wrote:" lines, Exmh's quoted headers, Outlook's original
 * message below the answer, signatures, mailing-list footers. What it cannot tell apart it leaves to the author.
 */

export interface Reply {
  /** The author's own text, without quotes, attributions, signature and list footers. */
  readonly own: string
  /** What they answer, one level deep, without the attribution; '' where nothing is quoted. */
  readonly quoted: string
}

const QUOTE = /^ {0,4}(?:[A-Za-z]{0,3}[>|]|#(?= ))/
const DEEPER = /^ {0,2}(?:[A-Za-z]{0,3}[>|]|[#:}])/
const SIGNATURE =
  /^(?:-- ?|--- ?|_{10,}.*|-{20,}|={20,}|\*{20,}|http:\/\/xent\.com\/mailman.*|To unsubscribe.*|.*sf\.net email is sponsored.*)$/i
const ORIGINAL = /^[ >]*-{2,} ?(?:original message|forwarded message|begin forwarded|forwarded by)/i
const HEADER =
  /^ *(?:From|Date|Sent|To|Cc|Subject|Message-Id|Sender|Reply-To|Content-[\w-]+|MIME-Version|Status|On Behalf Of)\b ?:/i
const ATTRIBUTION =
  /(?:\b(?:wrote|writes|write|said|says|mentioned|schrieb|typed|spake|asked|uttered|replied|thusly|scribbled|quoth|[eé]crit|from|scripsit|thus)\b|@|\d{4})[^.?!]*(?::|\.\.\.)\s*\.?$/i

/** Splits `body` (lines ended by \n). `own` may be '' too: a mail that only forwards. */
export function parseReply(body: string): Reply {
  const lines = withoutArmour(body).split('\n')
  const own: string[] = []
  const quoted: string[] = []
  let inQuote = false
  for (const [index, line] of lines.entries()) {
    if (SIGNATURE.test(line)) break
    if (ORIGINAL.test(line)) {
      // What follows is the message answered, unless quotes were seen already.
      if (quoted.length === 0) quoted.push(...originalText(lines.slice(index + 1)))
      break
    }
    if (QUOTE.test(line)) {
      if (!inQuote) dropAttribution(own)
      inQuote = true
      const inner = line.replace(QUOTE, '').replace(/^ /, '')
      // Mail programs wrap long quoted lines and leave the rest without a mark: those stay with the author.
      if (!DEEPER.test(inner) && !HEADER.test(inner) && !isAttribution(inner)) quoted.push(inner)
    } else {
      if (line.trim() !== '') inQuote = false
      own.push(line)
    }
  }
  return { own: tidy(own), quoted: tidy(quoted) }
}

/**
 * The longest beginning of `text` of at most `limit` characters that ends with a sentence (or, where there is no
 * such end in the second half, with a word).
 */
export function cutAtSentence(text: string, limit: number): string {
  if (text.length <= limit) return text
  const head = text.slice(0, limit + 1)
  const ends = [...head.matchAll(/[.!?)]["')]?(?=\s)|\n(?=\n)/g)].map(
    match => match.index + match[0].trimEnd().length,
  )
  const end = ends.filter(index => index <= limit).at(-1)
  if (end !== undefined && end >= limit / 3) return head.slice(0, end).trim()
  return head.slice(0, head.lastIndexOf(' ')).trim()
}

/** A subject without "Re:", list tags and the like; '' where nothing is left. */
export function plainSubject(subject: string): string {
  return subject
    .replace(/^(?:\s*(?:(?:re|fwd?|aw|sv)\s*(?:\[\d+\])?\s*:|\[[^\]]{1,24}\]))+/i, '')
    .replace(/\(was:?.*$/i, '')
    .trim()
}

function withoutArmour(body: string): string {
  return body
    .replace(/^-----BEGIN PGP SIGNED MESSAGE-----\n(?:\S.*\n)*\n?/m, '')
    .replace(/^-----BEGIN PGP [\s\S]*?(?:-----END PGP .*|$(?![\s\S]))/m, '')
}

function originalText(lines: readonly string[]): string[] {
  const result: string[] = []
  for (const line of lines) {
    const inner = line.replace(/^> ?/, '')
    if (ORIGINAL.test(inner) || SIGNATURE.test(inner)) break
    if (!HEADER.test(inner) && !DEEPER.test(inner)) result.push(inner)
  }
  return result
}

function isAttribution(line: string): boolean {
  return (
    ATTRIBUTION.test(line) ||
    /^On (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? |\d).*\d{4}/.test(line) ||
    /^\S.*<\S+@\S+>\s*$/.test(line)
  )
}

/** "On Thu, 22 Aug 2002, X wrote:" above a quote, over at most three lines. */
function dropAttribution(own: string[]): void {
  while (own.length > 0 && own.at(-1)!.trim() === '') own.pop()
  if (!isAttribution(own.at(-1) ?? '')) return
  let start = own.length - 1
  while (
    start > 0 &&
    own.length - start < 3 &&
    own[start - 1]!.trim() !== '' &&
    !/^(?:On|In|At|Once|Also|From|Quoting)\b/i.test(own[start]!)
  )
    start--
  const isStart =
    start === 0 ||
    own[start - 1]!.trim() === '' ||
    /^(?:On|In|At|Once|Also|From|Quoting)\b/i.test(own[start]!)
  own.length = isStart ? start : own.length - 1
  own.push('')
}

function tidy(lines: readonly string[]): string {
  return lines
    .filter(line => !/^\W*(?:\.\.\.|snip\w*)\W*$/i.test(line))
    .map(line => line.replace(/\t/g, '  ').trimEnd())
    .join('\n')
    .replace(/[^\S\n]{3,}/g, '  ')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
