// Loaded into the profiled program first: profiles are written at an orderly end, which SIGTERM is not.
// A program that ends in order by itself has the time to.
process.on('SIGTERM', () => {
  setTimeout(() => process.exit(0), 1500)
})
