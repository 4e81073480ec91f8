/** What is wrong with names, in the words of k8s.io/apimachinery. Limits are in bytes; where they bind, only ASCII is allowed. */

const SUBDOMAIN = String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`;
const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const ALLOWED = "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

const subdomain = new RegExp(`^${SUBDOMAIN}$`);
const name = new RegExp(`^${NAME}$`);

/** Of an object's name, or of the prefix that a name is generated from. */
export function nameFlaws(text: string, what: 'name' | 'prefix' = 'name'): string[] {
  // A generated name goes on after a dash; kube-apiserver, too, looks at one letter instead of the last two.
  const checked = what === 'prefix' && text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text;
  return [
    ...tooLong(checked, 253),
    ...(subdomain.test(checked)
      ? []
      : [
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
            `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
        ]),
  ];
}

export function labelKeyFlaws(key: string): string[] {
  const pattern = `must consist of ${ALLOWED} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${NAME}')`;
  const parts = key.split('/');
  if (parts.length > 2) {
    return [`a valid label key ${pattern} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const last = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const prefixFlaws = prefix === undefined ? [] : prefix === '' ? ['must be non-empty'] : nameFlaws(prefix);
  return [
    ...prefixFlaws.map((flaw) => `prefix part ${flaw}`),
    ...(last === '' ? ['name part must be non-empty'] : tooLong(last, 63).map((flaw) => `name part ${flaw}`)),
    ...(name.test(last) ? [] : [`name part ${pattern}`]),
  ];
}

export function labelValueFlaws(value: string): string[] {
  return [
    ...tooLong(value, 63),
    ...(value === '' || name.test(value)
      ? []
      : [
          `a valid label must be an empty string or consist of ${ALLOWED} (e.g. 'MyValue',  or 'my_value',  or '12345', ` +
            `regex used for validation is '(${NAME})?')`,
        ]),
  ];
}

function tooLong(text: string, limit: number): string[] {
  // No character takes more than three bytes for each of its UTF-16 units.
  return text.length * 3 > limit && byteLength(text) > limit ? [`must be no more than ${limit} bytes`] : [];
}

const encoder = new TextEncoder();

/** As Kubernetes counts: in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}
