import { join } from 'node:path';
import { buildImage } from '../../tools/image.js';

/** The tag of the image of this checkout, as the tests and the demo install it. */
export const OPERATOR_IMAGE = 'optipod:test';

/** Where `operatorImage` leaves the archive. */
export const OPERATOR_IMAGE_ARCHIVE = join(import.meta.dirname, '../../dist/optipod-test.tar');

/** Builds the operator's image on a base made of the npm package of Node.js. Needs the network, so it comes before any run. */
export async function operatorImage(progress: (line: string) => void): Promise<string> {
  return buildImage({ tag: OPERATOR_IMAGE, base: 'npm', output: OPERATOR_IMAGE_ARCHIVE, progress });
}
