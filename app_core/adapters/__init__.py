"""What app_core needs of the world outside, behind its ports: models, stores, prices."""
