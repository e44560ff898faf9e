export { HTML_BYTES_MAX, renderHtml } from './document.ts'
