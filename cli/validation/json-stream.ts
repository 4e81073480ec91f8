/** A JSON value in a text, and where it starts. */
export interface JsonValue {
  readonly json: string;
  readonly start: number;
}

/** The JSON objects of a text that has nothing else in it, one after the other. @returns undefined for any other text. */
export function jsonValues(text: string): readonly JsonValue[] | undefined {
  const values: JsonValue[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') i = endOfString(text, i);
    else if (char === '{' || char === '[') {
      if (depth === 0) {
        if (text.slice(start, i).trim() !== '') return undefined;
        start = i;
      }
      depth += 1;
    } else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth > 0) continue;
      const json = text.slice(start, i + 1);
      if (!isJson(json)) return undefined;
      values.push({ json, start });
      start = i + 1;
    }
  }
  return text.slice(start).trim() === '' ? values : undefined;
}

function endOfString(text: string, quote: number): number {
  for (let i = quote + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
