/**
 * From a message's text, what its author wrote themselves; pure functions on strings.
 *
 * Removed, in this order: everything from a signature ("-- "), a forwarded or original message, a PGP signature or
 * a list's footer on; PGP's opening lines; quoted lines (">", "|", "JM>") and the line that introduces them ("…
 * wrote:", over one or two lines). What is kept stays as it was, with runs of blank lines made one. Rules of thumb,
 * not a parser: mail has no grammar for this.
 */

const CUT: readonly RegExp[] = [
  /^--\s*$/, // signature
  /^-{2,}\s*(original message|forwarded message|begin forwarded|weitergeleitete nachricht|ursprüngliche nachricht)/i,
  /^begin forwarded message:/i,
  /^-----BEGIN PGP SIGNATURE-----/,
  /^_{20,}\s*$/, // mailing-list footer
  /^-+ ?yahoo! groups sponsor/i,
  /^(to )?(un)?subscribe[ :].*(@|http|list)/i,
  /^sent from my \w+/i,
]
/** A ruler cuts only where a footer follows it. */
const RULER = /^[-=*_~]{10,}\s*$/
const FOOTER = /mailing list|unsubscribe|sponsored by|subscribe|list-?info|listmanager/i
const QUOTE = /^\s{0,3}(?:[>|]|[A-Za-z]{1,4}>)/
/** Characters of a line that may introduce a quote; the patterns below are for such, and slow on endless ones. */
const MAX_INTRODUCTION = 400
const INTRODUCTION = /(?:wrote|writes|said|schrieb|escribió|a écrit)\s*(?:this)?\s*[:.,]*\s*$/i
const INTRODUCTION_START = /^(?:on |am |le |el |at |in |quoting |once upon a time|\S+@\S+)/i
const REPLY_PREFIX = /^\s*(?:(?:re|fwd?|fw|aw|sv|antw)(?:\[\d+\])?\s*:|\[[^\]]{1,40}\])\s*/i

/** The author's own lines; empty where there are none. */
export function ownText(text: string): string {
  const kept: string[] = []
  const lines = bodyLines(text)
  for (const [i, line] of lines.entries()) {
    if (QUOTE.test(line)) {
      if (i === 0 || !QUOTE.test(lines[i - 1] ?? '')) dropIntroduction(kept)
      continue
    }
    kept.push(line)
  }
  return kept
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** The quoted lines without their marks (one level of them); empty where there are none. */
export function quotedText(text: string): string {
  return bodyLines(text)
    .filter(line => QUOTE.test(line))
    .map(line => line.replace(QUOTE, '').replace(/^ /, ''))
    .filter(line => !QUOTE.test(line) && !isIntroduction(line))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** A subject without "Re:", "Fwd:" and list tags; `reply` says whether one of the former was there. */
export function ownSubject(subject: string): { readonly subject: string; readonly reply: boolean } {
  let rest = subject.replace(/\s+/g, ' ')
  let reply = false
  for (let match = REPLY_PREFIX.exec(rest); match; match = REPLY_PREFIX.exec(rest)) {
    reply ||= !match[0].trimStart().startsWith('[')
    rest = rest.slice(match[0].length)
  }
  return { subject: rest.trim(), reply }
}

/** Text of a message that has only HTML: tags off, blocks as lines, the commonest entities decoded. */
export function htmlText(html: string): string {
  const named: Readonly<Record<string, string>> = {
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
  }
  const seen = ['script', 'style', 'head'].reduce(
    (rest, name) => without(rest, new RegExp(`<${name}\\b`, 'gi'), new RegExp(`</${name}\\s*>`, 'gi')),
    html,
  )
  return without(seen, /<!--/g, /-->/g)
    .replace(/<(br|\/p|\/div|\/tr|\/li|\/h[1-6])\b[^<>]*>/gi, '\n')
    .replace(/<[^<>]*>/g, '')
    .replace(/&#(\d{1,7});/g, (whole, digits: string) =>
      Number(digits) <= 0x10ffff ? String.fromCodePoint(Number(digits)) : whole,
    )
    .replace(/&([a-z]{2,4});/gi, (whole, name: string) => named[name.toLowerCase()] ?? whole)
}

/** Takes out what stands between `open` and the next `close`, both included; in one pass, whatever the text. */
function without(text: string, open: RegExp, close: RegExp): string {
  let kept = ''
  let from = 0
  for (let start = open.exec(text); start !== null; start = open.exec(text)) {
    close.lastIndex = start.index
    if (close.exec(text) === null) break // never closed: it is kept, as what it says
    kept += text.slice(from, start.index)
    from = close.lastIndex
    open.lastIndex = from
  }
  return kept + text.slice(from)
}

function bodyLines(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/).map(line => line.trimEnd())
  const pgp = lines.indexOf('-----BEGIN PGP SIGNED MESSAGE-----')
  if (pgp !== -1) {
    const blank = lines.indexOf('', pgp)
    lines.splice(pgp, (blank === -1 ? lines.length : blank) - pgp)
  }
  const end = lines.findIndex(
    (line, i) =>
      CUT.some(cut => cut.test(line)) ||
      (RULER.test(line) && FOOTER.test(lines.slice(i + 1, i + 4).join(' '))),
  )
  return end === -1 ? lines : lines.slice(0, end)
}

function isIntroduction(line: string): boolean {
  return line.length <= MAX_INTRODUCTION && INTRODUCTION.test(line)
}

/** Takes "On Monday, X wrote:" off the end of what was kept, also where it was broken over two lines. */
function dropIntroduction(kept: string[]): void {
  const last = kept.findLastIndex(line => line !== '')
  if (last === -1 || !isIntroduction(kept[last] ?? '')) return
  const before = kept[last - 1] ?? ''
  const broken = !INTRODUCTION_START.test(kept[last] ?? '') && INTRODUCTION_START.test(before)
  kept.splice(broken ? last - 1 : last)
}
