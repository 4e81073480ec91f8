export interface TarEntry {
  name: string;
  content: Buffer;
  /** Permission bits. @default 0o644 */
  mode?: number;
}

/** A POSIX (ustar) archive of plain files, owned by root, dated 1970: the same input gives the same bytes. */
export function tar(entries: TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, content, mode = 0o644 }) => {
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [header(name, content.length, mode), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function header(name: string, size: number, mode: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`the name is too long for a tar archive: ${name}`);
  const block = Buffer.alloc(512);
  const octal = (value: number, offset: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), offset);
  block.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
