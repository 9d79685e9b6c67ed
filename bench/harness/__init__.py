"""What every benchmark needs: programs run side by side in interleaved rounds, and the report of them."""
