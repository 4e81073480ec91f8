export * from './admission-server.js';
export * from './app.js';
export * from './declared-webhook.js';
export * from './handler.js';
export * from './review.js';
export * from './run-admission.js';
export * from './served-certificate.js';
export * from './tls.js';
export { limitedWarnings } from './warnings.js';
