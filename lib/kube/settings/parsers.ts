import { durationOf, parseDuration } from '../duration.js';

/** Reads a setting's text. `Written` is how its value is written in a settings file, and exists for the type checker alone. */
export interface Parser<T, Written = string> {
  /** What is right, to follow "it must be". */
  readonly expected: string;
  readonly written?: Written;
  /** @returns undefined for what is not right */
  parse(text: string): T | undefined;
  /** What errors show of a text that is not right and may hold what nobody is to read. @default all of it */
  shown?(text: string): string;
}

export const string: Parser<string> = {
  expected: 'text',
  parse: (text) => (text === '' ? undefined : text),
};

export const boolean: Parser<boolean, boolean> = {
  expected: 'true or false',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

/** A duration, in milliseconds. */
export const duration: Parser<number> = {
  expected: 'a duration such as 90s, 12h or 7d',
  parse: (text) => parseDuration(text),
};

/**
 * A duration in milliseconds where none at all, or next to none, cannot work: of what is done over and over, or waited for.
 * @param least as a setting is written, `1s`
 * @throws RangeError for a least that is no duration
 */
export function durationAtLeast(least: string): Parser<number> {
  const leastMs = durationOf(least);
  return {
    expected: `a duration of at least ${least}, such as 90s, 12h or 7d`,
    parse(text) {
      const ms = parseDuration(text);
      return ms !== undefined && ms >= leastMs ? ms : undefined;
    },
  };
}

/**
 * The absolute URL of a server, with a path if need be, as it was written but for a slash at its end. A fragment is sent to nobody.
 * @param hasQuery whether it may have a query. Where paths are put behind it, something else would be asked with one
 * @param credentials the settings of who asks: `promUsername and promPassword`. What a URL says of it is sent to nobody
 */
export function url({
  protocols = ['http', 'https'],
  hasQuery = false,
  credentials,
}: {
  readonly protocols?: readonly string[];
  readonly hasQuery?: boolean;
  readonly credentials?: string;
} = {}): Parser<string> {
  const schemes = protocols.map((protocol) => `${protocol}://`);
  const advice = credentials === undefined ? '' : `; user name and password go in ${credentials}`;
  const refused = hasQuery ? /[#\s]/ : /[?#\s]/;
  const without = hasQuery ? 'user name, password or fragment' : 'user name, password, query or fragment';
  return {
    expected: `a URL that begins with ${schemes.join(' or ')}, without ${without}${advice}`,
    parse(text) {
      if (!URL.canParse(text) || !schemes.some((scheme) => text.startsWith(scheme)) || refused.test(text)) {
        return undefined;
      }
      const { username, password } = new URL(text);
      if (username !== '' || password !== '') return undefined;
      return text.includes('?') ? text : text.replace(/\/+$/, '');
    },
    // Whatever is in front of the last @ may be a password, also where it makes the text no URL.
    shown: (text) => text.replace(/^([a-z]+:\/\/)?.*@/s, '$1***@'),
  };
}

export function integer({ min, max }: { readonly min: number; readonly max: number }): Parser<number, number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse: (text) =>
      /^[+-]?\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined,
  };
}

/** A share of one, as a percentage or a fraction: `15%` and `0.15` are the same. */
export function share({ max = 1 }: { readonly max?: number } = {}): Parser<number, number | string> {
  return {
    expected: `a share from 0 to ${max}, such as 15% or 0.15`,
    parse: (text) => {
      const [, digits, percent] = /^(\d{1,6}(?:\.\d{1,9})?)(%?)$/.exec(text) ?? [];
      const value = Number(digits) / (percent ? 100 : 1);
      return value <= max ? value : undefined;
    },
  };
}

export function choice<const Option extends string>(...options: readonly Option[]): Parser<Option, Option> {
  return {
    expected:
      options.length === 1 ? String(options[0]) : `${options.slice(0, -1).join(', ')} or ${String(options.at(-1))}`,
    parse: (text) => options.find((option) => option === text),
  };
}

/** Text of a certain form. @param expected to follow "it must be" */
export function matching(pattern: RegExp, expected: string): Parser<string> {
  return { expected, parse: (text) => (pattern.test(text) ? text : undefined) };
}

// RFC 9110: what a field name may consist of, and a value after percent-decoding.
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** HTTP headers as OpenTelemetry's exporters take them: `X-Scope-OrgID=team-a,X-Other=b`, values percent-encoded where need be. */
export const headers: Parser<Readonly<Record<string, string>>> = {
  expected: 'headers such as X-Scope-OrgID=team-a,X-Other=b',
  parse(text) {
    const pairs = text.split(',').map((pair) => {
      const [, name = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      return [name, decoded(value)] as const;
    });
    const isRight = pairs.every(([name, value]) => HEADER_NAME.test(name) && value !== undefined);
    return isRight ? (Object.fromEntries(pairs) as Record<string, string>) : undefined;
  },
};

function decoded(value: string): string | undefined {
  try {
    const text = decodeURIComponent(value);
    return HEADER_VALUE.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
